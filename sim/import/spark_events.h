// Spark's listener events -> SparkLog. Private to spark_*_json.cpp.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "sim/import/spark_log.h"

namespace podramp::sim {

class SparkEvents {
 public:
  SparkEvents(SparkLog& log, ImportNotes& notes) : log_(log), notes_(notes) {}

  static bool uses(std::string_view kind);
  void take(std::string_view kind, const nlohmann::json& event);
  void skip(std::string_view kind);
  // Notes of what was seen all along.
  void finish();

 private:
  void application_start(const nlohmann::json& event);
  void environment(const nlohmann::json& event);
  void profile_added(const nlohmann::json& event);
  void executor_added(const nlohmann::json& event);
  void executor_removed(const nlohmann::json& event);
  void job_start(const nlohmann::json& event);
  void job_end(const nlohmann::json& event);
  void stage_submitted(const nlohmann::json& event);
  void task_end(const nlohmann::json& event);
  LoggedStage& stage_of(const nlohmann::json& info);

  SparkLog& log_;
  ImportNotes& notes_;
  std::int64_t input_bytes_ = 0;
  std::int64_t output_bytes_ = 0;
  std::int64_t spilled_bytes_ = 0;
  std::set<std::int64_t> barrier_stages_;
};

}  // namespace podramp::sim
