/** awk: texts of JSON literals, and addresses as .NET compares them. */
export const TEXTS = String.raw`
    function hexadecimal(digits,   i, n) {
      n = 0
      for (i = 1; i <= length(digits); i++) n = n * 16 + index("0123456789abcdef", tolower(substr(digits, i, 1))) - 1
      return n
    }
    # A character as UTF-8; control characters stay escaped, as no text here is ever written.
    function utf8(code) {
      if (code < 32) return sprintf("\\u%04x", code)
      if (code < 128) return sprintf("%c", code)
      if (code < 2048) return sprintf("%c%c", 192 + int(code / 64), 128 + code % 64)
      if (code < 65536) return sprintf("%c%c%c", 224 + int(code / 4096), 128 + int(code / 64) % 64, 128 + code % 64)
      return sprintf("%c%c%c%c", 240 + int(code / 262144), 128 + int(code / 4096) % 64, 128 + int(code / 64) % 64, 128 + code % 64)
    }
    function plain_text(literal,   n, i, c, out, code, low) {
      literal = substr(literal, 2, length(literal) - 2)
      if (index(literal, "\\") == 0) return literal
      n = length(literal); out = ""
      for (i = 1; i <= n; i++) {
        c = substr(literal, i, 1)
        if (c != "\\") { out = out c; continue }
        c = substr(literal, ++i, 1)
        if (c == "u") {
          code = hexadecimal(substr(literal, i + 1, 4)); i += 4
          if (code >= 55296 && code < 56320 && substr(literal, i + 1, 2) == "\\u") {
            low = hexadecimal(substr(literal, i + 3, 4))
            if (low >= 56320 && low < 57344) { code = 65536 + (code - 55296) * 1024 + low - 56320; i += 6 }
          }
          out = out utf8(code)
        } else if (index("bfnrt", c) > 0) out = out utf8(substr("8 121013 9", index("bfnrt", c) * 2 - 1, 2) + 0)
        else out = out c
      }
      return out
    }
    function plain_thumbprint(text) {
      text = toupper(text); gsub(/^( |\302\240)+|( |\302\240)+$/, "", text)
      return text
    }
    function comparable_address(text,   n, scheme, host, port) {
      n = index(text, "://")
      scheme = tolower(substr(text, 1, n - 1))
      if (n < 2 || scheme !~ /^[a-z][a-z0-9+.-]*$/) return text
      text = substr(text, n + 3)
      if ((n = index(text, "#")) > 0) text = substr(text, 1, n - 1)
      host = text; sub(/[\/?].*$/, "", host)
      text = substr(text, length(host) + 1)
      while ((n = index(host, "@")) > 0) host = substr(host, n + 1)
      host = tolower(host)
      port = (scheme == "https" || scheme == "wss") ? ":443" : (scheme == "http" || scheme == "ws") ? ":80" : ""
      if (port != "" && length(host) >= length(port) && substr(host, length(host) - length(port) + 1) == port) host = substr(host, 1, length(host) - length(port))
      return scheme "://" host (substr(text, 1, 1) == "/" ? "" : "/") text
    }
`;
