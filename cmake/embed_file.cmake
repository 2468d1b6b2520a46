# podramp_embed(target folder NAME=file...): for each, a function std::string_view podramp::sim::NAME() with the file's bytes.
function(podramp_embed target)
  foreach(pair ${ARGN})
    string(REGEX MATCH "^([a-z_]+)=(.*)$" matched ${pair})
    set(name ${CMAKE_MATCH_1})
    set(file ${CMAKE_MATCH_2})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
    set(source ${CMAKE_BINARY_DIR}/embedded/${name}.cpp)
    file(CONFIGURE OUTPUT ${source} @ONLY CONTENT
"#include <string_view>
namespace podramp::sim {
std::string_view @name@();
std::string_view @name@() {
  static constexpr char kBytes[] = {@bytes@ 0};
  return {kBytes, sizeof kBytes - 1};
}
}  // namespace podramp::sim
")
    target_sources(${target} PRIVATE ${source})
    set_source_files_properties(${source} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endforeach()
endfunction()
