// The files of the live page: HTML without any data of the run, style and script. The data come over the stream of
// dashboard.h, which is where a token is needed.
#pragma once

#include <string>
#include <string_view>

namespace podramp::sim {

std::string live_page_html();
// page.css of reports, and what a live page has more.
std::string live_page_style();

// Made by CMake.
std::string_view live_script();
std::string_view live_style();

}  // namespace podramp::sim
