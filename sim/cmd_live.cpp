// podramp live: a scenario's applications against a real cluster. The command itself is backend/live/live_command.h,
// which podramp-live shares; this file gives it the whole reader of scenarios.
#include "backend/live/live_command.h"
#include "sim/command_line.h"
#include "sim/live_plan.h"

namespace podramp::sim {

int live_command(const Arguments& arguments) {
  return live::live_command(arguments, "podramp live",
                            [](const live::PlanRequest& request) -> tl::expected<live::LivePlan, FieldErrors> {
                              auto loaded = load_file(request.file, {});
                              if (!loaded) return tl::unexpected(loaded.error());
                              return live_plan_of(std::move(*loaded), request);
                            });
}

}  // namespace podramp::sim
