// Text into HTML and into JSON that stands inside HTML: whatever comes from a log or a scenario goes through here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace podramp::sim {

// & < > " ' become entities: safe as text and as an attribute in quotes.
std::string escaped(std::string_view text);
// A JSON string with its quotes; '<', '>' and '&' as \u escapes, so that it may stand inside <script>.
std::string json_quoted(std::string_view text);
// The same where it does not stand inside HTML, and may be long.
std::string plain_json_quoted(std::string_view text);
// A library's text made fit to stand inside <script>: it cannot end it.
std::string script_safe(std::string_view code);

struct Cell {
  std::string html;
  bool number = false;  // aligned to the right
};
using TableRow = std::vector<Cell>;
Cell text_cell(std::string_view text);
Cell number_cell(std::string_view text);

// A table with a caption for those who cannot see what stands around it. heads: text.
std::string table_html(std::string_view caption, const std::vector<std::string>& heads,
                       const std::vector<TableRow>& rows);
// What is folded away until somebody opens it. summary: text; inside: HTML.
std::string details_html(std::string_view summary, std::string_view inside, bool open = false);
std::string heading_html(int level, std::string_view id, std::string_view text);
std::string paragraph_html(std::string_view text);

}  // namespace podramp::sim
