// The shell of a report: one HTML file that asks for nothing from anywhere (its content security policy forbids it).
// Style is in page.css, script in page.js, dygraphs comes from Debian: all embedded at build time (embed_file.cmake).
#pragma once

#include <string>
#include <string_view>

namespace podramp::sim {

// title: text; body: HTML.
std::string page_html(std::string_view title, std::string_view body);

// Made by CMake.
std::string_view page_style();
std::string_view page_script();
std::string_view dygraphs_script();
std::string_view dygraphs_style();

}  // namespace podramp::sim
