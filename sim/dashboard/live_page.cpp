#include "sim/dashboard/live_page.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "backend/live/event_log.h"
#include "sim/report/page.h"

namespace podramp::sim {

std::string live_page_html() {
  static constexpr std::array<std::pair<const char*, const char*>, 6> kSections{{
      {"counts", "Counts"},
      {"applications", "Applications"},
      {"api", "Requests to the API server"},
      {"quota", "Quota"},
      {"nodes", "Nodes"},
      {"timeline", "Timeline of nodes and executors"},
  }};
  std::string out =
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>podramp: a run that goes on</title>\n"
      "<link rel=\"icon\" href=\"data:,\">\n<link rel=\"stylesheet\" href=\"/dashboard/page.css\">\n"
      "<script defer src=\"/dashboard/live.js\"></script></head><body>\n"
      "<a class=\"skip\" href=\"#main\">Skip to the run</a>\n<main id=\"main\">\n"
      "<div class=\"live\"><p id=\"link\" role=\"status\">Connecting ...</p>"
      "<button type=\"button\" id=\"pause\">Pause</button></div>\n"
      "<noscript><p class=\"note\">This page needs JavaScript. After the run, podramp report writes one of its log "
      "that needs none.</p></noscript>\n"
      "<form id=\"ask\" class=\"card\" hidden><label for=\"token\">Token</label> <input id=\"token\" type=\"password\" "
      "autocomplete=\"off\" spellcheck=\"false\" required> <button>Connect</button>\n"
      "<p class=\"hint\">One of the server's token file. It stays in this page's memory: not in its address, not in "
      "the browser's storage.</p></form>\n"
      "<div data-section=\"head\"></div>\n<p class=\"meta\" data-section=\"clock\"></p>\n"
      "<p id=\"said\" role=\"status\" aria-live=\"polite\" data-section=\"said\"></p>\n"
      "<div data-section=\"verdict\"></div>\n<div data-section=\"waiting\"></div>\n"
      "<nav aria-label=\"Contents\" hidden><ul>";
  for (const auto& [id, title] : kSections) out += fmt::format("<li><a href=\"#{}-h\">{}</a></li>", id, title);
  out += "</ul></nav>\n<div id=\"more\" hidden>\n";
  for (const auto& [id, title] : kSections) {
    out += fmt::format("<h2 id=\"{0}-h\">{1}</h2>\n<div data-section=\"{0}\"></div>\n", id, title);
  }
  return out + fmt::format("</div></main>\n<footer>podramp {}</footer>\n</body></html>\n", kPodrampVersion);
}

std::string live_page_style() { return std::string(page_style()) + std::string(live_style()); }

}  // namespace podramp::sim
