// Reads and writes "live": what `podramp live` needs to know beyond a simulated run (backend/live/stand_in.h).
#include <nlohmann/json.hpp>

#include "sim/scenario_read.h"
#include "sim/scenario_write.h"

namespace podramp::sim {

void read_live(ReadState& state, ObjectReader& top) {
  const JsonValue* value = top.find("live");
  if (value == nullptr) return;
  ObjectReader reader(state.reading, *value, "live");
  live::LiveSpec& live = state.scenario.live.emplace();
  reader.read("image", live.stand_in.image, as_image);
  live.stand_in.command = reader.texts("command");
  live.stand_in.args = reader.texts("args");
  reader.read("driver_pod", live.driver_pod, as_flag);
  reader.finish();
}

nlohmann::ordered_json live_json(const live::LiveSpec& live) {
  nlohmann::ordered_json object{{"image", live.stand_in.image}};
  if (!live.stand_in.command.empty()) object["command"] = live.stand_in.command;
  if (!live.stand_in.args.empty()) object["args"] = live.stand_in.args;
  object["driver_pod"] = live.driver_pod;
  return object;
}

}  // namespace podramp::sim
