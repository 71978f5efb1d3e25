@{ ModuleVersion = '1.0'; RootModule = 'CimCmdlets.psm1'; FunctionsToExport = @('Get-CimInstance') }
