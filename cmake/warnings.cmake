# The flags every target of ours is compiled with. Third-party headers are SYSTEM and stay silent.
# -ffp-contract=off: where Spark computes with doubles we do the same operations in the same order (design 2.1).
add_library(podramp_options INTERFACE)
target_compile_options(podramp_options INTERFACE -Wall -Wextra -Wconversion -Wshadow -Werror -ffp-contract=off)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # At -O2 GCC 12 sees overlapping copies inside std::string's operator+ that are not there (GCC bug 105651).
  target_compile_options(podramp_options INTERFACE -Wno-restrict)
endif()
target_include_directories(podramp_options INTERFACE ${CMAKE_SOURCE_DIR})

option(PODRAMP_SANITIZE "Build with address and undefined-behaviour sanitizers" OFF)
if(PODRAMP_SANITIZE)
  target_compile_options(podramp_options INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=all
                                                   -fno-omit-frame-pointer)
  target_link_options(podramp_options INTERFACE -fsanitize=address,undefined)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Instrumented code hides from GCC 12 that an optional was checked; the sanitizers see what really happens.
    target_compile_options(podramp_options INTERFACE -Wno-maybe-uninitialized)
  endif()
endif()

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
