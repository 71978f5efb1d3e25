export interface InputProperty { type: string; description?: string; enum?: string[]; minimum?: number; maximum?: number; default?: string | number | boolean; isSensitiveValue?: boolean }

/** As much of schemas/inputs/<phase>.schema.json as is made into forms and templates. */
export interface InputSchema { properties: Record<string, InputProperty>; required?: string[] }
