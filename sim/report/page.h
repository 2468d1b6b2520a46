// The shell of a report: one HTML file that asks for nothing from anywhere (its content security policy forbids it).
// Style is in page_style.cpp, script in page_script.cpp; dygraphs comes from Debian and is embedded at build time.
#pragma once

#include <string>
#include <string_view>

namespace podramp::sim {

// title: text; body: HTML.
std::string page_html(std::string_view title, std::string_view body);

std::string_view page_style();
std::string_view page_script();
// Made by CMake (cmake/embed_file.cmake).
std::string_view dygraphs_script();
std::string_view dygraphs_style();

}  // namespace podramp::sim
