// What `podramp compare --against` prints with --json.
#include <nlohmann/json.hpp>

#include "sim/cmd_against.h"

namespace podramp::sim {

std::string against_json(const std::vector<AgainstLevel>& levels, const std::vector<DriverCall>& theirs) {
  using Json = nlohmann::ordered_json;
  const auto list = [](const std::vector<DriverCall>& calls) {
    Json array = Json::array();
    for (const DriverCall& call : calls) array.push_back({{"t_us", call.at}, {"call", to_words(call)}});
    return array;
  };
  Json all{{"driver", list(theirs)}, {"levels", Json::object()}};
  for (const AgainstLevel& level : levels) {
    Json one{{"same", level.verdict.same()},
             {"gap_us", level.verdict.our_gap_us},
             {"driver_gap_us", level.verdict.their_gap_us},
             {"repeated_deletes", level.verdict.our_repeats},
             {"driver_repeated_deletes", level.verdict.their_repeats},
             {"parts", Json::array()},
             {"calls", list(level.calls)}};
    for (const Aligned& part : level.verdict.parts) {
      Json aligned{{"what", part.what}, {"ours", part.ours}, {"driver", part.theirs}};
      if (part.parts_at) {
        aligned["parts_at"] = *part.parts_at;
        aligned["our_word"] = part.our_word;
        aligned["driver_word"] = part.their_word;
        aligned["only_order"] = part.only_order;
      }
      one["parts"].push_back(std::move(aligned));
    }
    all["levels"][level.level] = std::move(one);
  }
  return all.dump(2) + "\n";
}

}  // namespace podramp::sim
