#include "sim/report/page.h"

#include <fmt/format.h>

#include "backend/live/event_log.h"
#include "sim/report/html.h"

namespace podramp::sim {

std::string page_html(std::string_view title, std::string_view body) {
  std::string out = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
      "script-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>{}</title>\n<style>\n",
      escaped(title));
  out += dygraphs_style();
  out += page_style();
  out += "</style></head><body>\n<a class=\"skip\" href=\"#main\">Skip to the report</a>\n<main id=\"main\">\n";
  out += body;
  out += fmt::format(
      "</main>\n<footer>Written by podramp {}. Zoom and hover: dygraphs (MIT licence).</footer>\n<script>\n",
      kPodrampVersion);
  out += script_safe(dygraphs_script());
  out += "\n</script>\n<script>\n";
  out += script_safe(page_script());
  return out + "</script>\n</body></html>\n";
}

}  // namespace podramp::sim
