// A study's folder on disk: who may write there, and what a shard leaves in it. What is in the tables: tables.h.
#pragma once

#include <string>

#include "sim/study/part.h"
#include "sim/study/shard.h"
#include "sim/study/study_runner.h"
#include "sim/study/tables.h"

namespace podramp::sim {

// Makes it if it is not there. Errors: it holds the tables of another plan and force is false; it cannot be made.
Result<bool> make_study_folder(const std::string& folder, const std::string& plan, bool force);

// A part of this very plan is there and whole, so a retry has nothing to do.
bool is_finished_part(const std::string& folder, const std::string& plan);

Part part_of(const Prepared& prepared, const Shard& shard, Outcomes outcomes);

}  // namespace podramp::sim
