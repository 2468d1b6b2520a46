// Named repairs of defects that Spark really has. Without a fix podramp does what Spark does; with one it does what the
// fix says, so that a scenario can show the damage and the cure side by side. Quirks of the 2.2 fork are named as in
// 01 11 (Q01 ...), "corrected" is all of them.
#pragma once

#include <array>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "backend/compat.h"
#include "backend/port/status.h"

namespace podramp::backend {

enum class Fix : std::uint8_t {
  // Spark 3.5-4.4
  ghost_executors,   // T3: an executor that registered and died unseen leaves the books when the backend forgets it
  back_off,          // 02 1.5: refused creates are tried again after 1, 2, 4 ... 32 s instead of every round
  unused_shares,     // 02 1.3 step 11: pending slots that one profile does not use go to the others
  parallel_creates,  // 02 1.4: a round's creates of one profile are sent side by side
  // fork-2.2
  q01,
  q02,
  q03,
  q04,
  q05,
  q06,
  q07,
  q08,
  q09,
  q10,
  q11,
  q12,
  q13,
  q14,
  q15,
  q16,
  q17,
  q18,
  q19,
  q20,
  q21,
  q23,
  q24,
  q25,
  q26,
  q27,
  q28,
  q29,
  q30,
  q31,
  q32,
  q46,
  q47,
  q48,
};

using Fixes = std::set<Fix>;

// The fixes that exist at a level, in order.
std::vector<Fix> fixes_at(Compat level);
// Names as in a scenario's "fixes"; "corrected" stands for every fix of the level. Error: an unknown name, or one of
// another level.
Result<Fixes> parse_fixes(const std::vector<std::string>& names, Compat level);

}  // namespace podramp::backend

template <>
struct podramp::EnumText<podramp::backend::Fix> {
  static constexpr std::array<std::string_view, 38> names{"ghost-executors",
                                                          "back-off",
                                                          "unused-shares",
                                                          "parallel-creates",
                                                          "Q01",
                                                          "Q02",
                                                          "Q03",
                                                          "Q04",
                                                          "Q05",
                                                          "Q06",
                                                          "Q07",
                                                          "Q08",
                                                          "Q09",
                                                          "Q10",
                                                          "Q11",
                                                          "Q12",
                                                          "Q13",
                                                          "Q14",
                                                          "Q15",
                                                          "Q16",
                                                          "Q17",
                                                          "Q18",
                                                          "Q19",
                                                          "Q20",
                                                          "Q21",
                                                          "Q23",
                                                          "Q24",
                                                          "Q25",
                                                          "Q26",
                                                          "Q27",
                                                          "Q28",
                                                          "Q29",
                                                          "Q30",
                                                          "Q31",
                                                          "Q32",
                                                          "Q46",
                                                          "Q47",
                                                          "Q48"};
};
