# Debian ships SimGrid with a pkg-config file and no CMake one.
find_package(PkgConfig REQUIRED)
pkg_check_modules(SIMGRID QUIET IMPORTED_TARGET simgrid>=3.32)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(SimGrid REQUIRED_VARS SIMGRID_LIBRARIES VERSION_VAR SIMGRID_VERSION
                                  REASON_FAILURE_MESSAGE "install libsimgrid-dev (and keep Boost at 1.74)")
if(SimGrid_FOUND AND NOT TARGET SimGrid::SimGrid)
  add_library(SimGrid::SimGrid ALIAS PkgConfig::SIMGRID)
endif()
