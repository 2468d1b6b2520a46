#include "sim/dashboard/feed.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "sim/report/html.h"

namespace podramp::sim {

void Feed::update(std::vector<Section> sections) {
  const std::uint64_t number = newest_ + 1;
  for (Section& section : sections) {
    const auto kept = std::ranges::find(kept_, section.id, [](const Kept& k) { return k.section.id; });
    if (kept == kept_.end()) {
      kept_.push_back({std::move(section), number});
    } else if (kept->section.html != section.html) {
      *kept = {std::move(section), number};
    } else {
      continue;
    }
    newest_ = number;
  }
}

std::uint64_t Feed::has(std::string_view last_id) const {
  const std::size_t dash = last_id.find('-');
  if (dash == std::string_view::npos || last_id.substr(0, dash) != run_) return 0;
  const std::string_view digits = last_id.substr(dash + 1);
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool fine = code == std::errc() && end == digits.data() + digits.size() && number <= newest_;
  return fine ? number : 0;
}

std::string Feed::message(std::uint64_t has, bool last) const {
  std::string out = fmt::format("id: {}-{}\nevent: {}\ndata: {{", run_, newest_,
                                last       ? "end"
                                : has == 0 ? "state"
                                           : "update");
  bool first = true;
  for (const Kept& kept : kept_) {
    if (kept.changed <= has) continue;
    out += fmt::format("{}\"{}\":{}", first ? "" : ",", kept.section.id, plain_json_quoted(kept.section.html));
    first = false;
  }
  return out + "}\n\n";
}

}  // namespace podramp::sim
