// podramp-live: the live client alone, without a simulator (design 1). `podramp live` is the same command with the
// whole reader of scenarios. Start with live_loop.h.
#include <fmt/format.h>

#include <exception>

#include "backend/live/cluster_access.h"
#include "backend/live/live_command.h"
#include "backend/live/plan_file.h"

namespace podramp::live {
namespace {

tl::expected<LivePlan, FieldErrors> read(const PlanRequest& request) {
  const auto text = read_text_file(request.file);
  if (!text) return tl::unexpected(FieldErrors{{"", 0, "", text.error().message}});
  return read_plan(*text, request);
}

}  // namespace
}  // namespace podramp::live

int main(int argc, char** argv) {
  try {
    return podramp::live::live_command({argv + 1, argv + argc}, "podramp-live", podramp::live::read);
  } catch (const std::exception& e) {  // stdout cannot be written
    fmt::print(stderr, "podramp-live: {}\n", e.what());
    return podramp::kExitBadInput;
  }
}
