#include "backend/fixes.h"

#include <fmt/format.h>

#include <algorithm>

namespace podramp::backend {

std::vector<Fix> fixes_at(Compat level) {
  std::vector<Fix> fixes;
  for (std::size_t i = 0; i < EnumText<Fix>::names.size(); ++i) {
    const auto fix = static_cast<Fix>(i);
    if ((fix >= Fix::q01) == (level == Compat::fork_2_2)) fixes.push_back(fix);
  }
  return fixes;
}

Result<Fixes> parse_fixes(const std::vector<std::string>& names, Compat level) {
  const std::vector<Fix> known = fixes_at(level);
  Fixes fixes;
  for (const std::string& name : names) {
    if (name == "corrected") {
      fixes.insert(known.begin(), known.end());
      continue;
    }
    const auto fix = from_text<Fix>(name);
    if (fix && std::find(known.begin(), known.end(), *fix) != known.end()) {
      fixes.insert(*fix);
      continue;
    }
    std::string all = "corrected";
    for (const Fix one : known) all += fmt::format(", {}", to_text(one));
    return tl::unexpected(Error{fmt::format("unknown fix \"{}\"; at {} there are: {}", name, to_text(level), all)});
  }
  return fixes;
}

}  // namespace podramp::backend
