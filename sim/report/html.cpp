#include "sim/report/html.h"

#include <fmt/format.h>

#include <algorithm>

namespace podramp::sim {

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\'': out += "&#39;"; break;
      case '\0': break;
      default: out += c;
    }
  }
  return out;
}

std::string json_quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || c == '<' || c == '>' || c == '&') {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string plain_json_quoted(std::string_view text) {
  std::string out = "\"";
  out.reserve(text.size() + text.size() / 8);
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) {
      out += c;
    } else {
      out += c == '\n' ? "\\n" : fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
    }
  }
  return out + '"';
}

std::string script_safe(std::string_view code) {
  const auto ends_script = [&](std::size_t at) {
    for (const std::string_view word : {"</script", "<!--", "<script"}) {
      const auto same = [](char a, char b) { return a == b || (a >= 'A' && a <= 'Z' && a - 'A' + 'a' == b); };
      const std::string_view here = code.substr(at, word.size());
      if (std::equal(here.begin(), here.end(), word.begin(), word.end(), same)) return true;
    }
    return false;
  };
  std::string out;
  out.reserve(code.size());
  for (std::size_t i = 0; i < code.size(); ++i) {
    const bool ends = code[i] == '<' && ends_script(i);
    out += code[i];
    // Inside strings and regular expressions, the only places for it, the backslash changes nothing.
    if (ends && code[i + 1] != 's') out += '\\';
    if (ends && code[i + 1] == 's') out.replace(out.size() - 1, 1, "\\x3c");
  }
  return out;
}

Cell text_cell(std::string_view text) { return {escaped(text), false}; }
Cell number_cell(std::string_view text) { return {escaped(text), true}; }

std::string table_html(std::string_view caption, const std::vector<std::string>& heads,
                       const std::vector<TableRow>& rows) {
  std::string out = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{0}\"><table><caption>{0}</caption><thead><tr>",
      escaped(caption));
  for (std::size_t i = 0; i < heads.size(); ++i) {
    const bool number = !rows.empty() && i < rows.front().size() && rows.front()[i].number;
    out += fmt::format("<th scope=\"col\"{}>{}</th>", number ? " class=\"n\"" : "", escaped(heads[i]));
  }
  out += "</tr></thead><tbody>\n";
  for (const TableRow& row : rows) {
    out += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) {
      const char* open = i == 0 ? "<th scope=\"row\"" : "<td";
      out +=
          fmt::format("{}{}>{}{}", open, row[i].number ? " class=\"n\"" : "", row[i].html, i == 0 ? "</th>" : "</td>");
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

std::string details_html(std::string_view summary, std::string_view inside, bool open) {
  return fmt::format("<details{}><summary>{}</summary>\n{}</details>\n", open ? " open" : "", escaped(summary), inside);
}

std::string heading_html(int level, std::string_view id, std::string_view text) {
  if (id.empty()) return fmt::format("<h{0}>{1}</h{0}>\n", level, escaped(text));
  return fmt::format("<h{0} id=\"{1}\">{2}</h{0}>\n", level, escaped(id), escaped(text));
}

std::string paragraph_html(std::string_view text) { return "<p>" + escaped(text) + "</p>\n"; }

}  // namespace podramp::sim
