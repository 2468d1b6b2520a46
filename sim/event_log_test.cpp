// The log of both worlds (backend/live/event_log.h), read back by the only reader there is.
#include "backend/live/event_log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "backend/port/json_writer.h"
#include "sim/log_reader.h"

namespace podramp::sim::event_log_test {
namespace {

std::string scratch(const std::string& name) { return testing::TempDir() + "/podramp_" + name; }

std::string read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void write(const std::string& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

LogHeader header() {
  LogHeader h;
  h.seed = 7;
  h.engine = "fluid";
  h.ties = "fixed";
  h.applications.push_back({"etl", 0, "spark-1", "etl-1"});
  h.scenario_json = R"({"schema":"podramp/v1"})";
  return h;
}

// A log of one event of several families.
LogFooter write_sample(const std::string& path, LogLevel level) {
  EventLog log(level);
  EXPECT_TRUE(log.open(path, header()));
  Ledger ledger({&log});
  PodMemory session;
  PodMemory world(false);
  const Seq started = ledger.append("etl", 0, "", ref(in::Started{"spark-1"}), session);
  ledger.set_now(5);
  ledger.append("etl", started, "", ref(out::TimerSet{TimerKind::poll, 0, 30}), session);
  ledger.append("apiserver", started, "", ref(fact::NodeGone{"n1", 4}), world);
  ledger.append("faults", 0, "", ref(fault::WindowOpened{"api.outage"}), world);
  ledger.append("kernel", 0, "", ref(check::Seen{"x"}), world);
  auto footer = log.close("end", 9);
  EXPECT_TRUE(footer);
  return *footer;
}

std::vector<std::string> types_in(const std::string& path) {
  std::vector<std::string> types;
  auto reader = LogReader::open(path);
  EXPECT_TRUE(reader);
  for (auto event = reader->next(); event && *event; event = reader->next()) {
    types.emplace_back(type_name((*event)->ref().data));
  }
  return types;
}

TEST(EventLog, KeepsWhatItsLevelSays) {
  const std::string path = scratch("levels");
  write_sample(path, LogLevel::all);
  EXPECT_EQ(types_in(path), (std::vector<std::string>{"in.started", "out.timer_set", "fact.node_gone",
                                                      "fault.window_opened", "check.seen"}));
  write_sample(path, LogLevel::decisions);
  EXPECT_EQ(types_in(path), (std::vector<std::string>{"in.started", "out.timer_set", "check.seen"}));
  write_sample(path, LogLevel::none);
  EXPECT_EQ(types_in(path), (std::vector<std::string>{}));
}

TEST(EventLog, NumbersAndFingerprintsDoNotDependOnTheLevelKept) {
  const std::string path = scratch("fingerprints");
  const LogFooter all = write_sample(path, LogLevel::all);
  const LogFooter decisions = write_sample(path, LogLevel::decisions);
  EXPECT_EQ(all.fingerprints, decisions.fingerprints);
  EXPECT_EQ(all.by_type, decisions.by_type);
  EXPECT_EQ(all.events, 5U);
  EXPECT_EQ(write_sample(path, LogLevel::none).fingerprints, Fingerprints{});
}

TEST(EventLog, HasHeaderAndFooterAtEveryLevel) {
  const std::string path = scratch("frame");
  for (const LogLevel level : {LogLevel::none, LogLevel::decisions, LogLevel::all}) {
    write_sample(path, level);
    auto reader = LogReader::open(path);
    ASSERT_TRUE(reader);
    EXPECT_EQ(reader->header().seed, 7U);
    EXPECT_EQ(reader->header().level, level);
    EXPECT_EQ(reader->header().applications.at(0).app_id, "spark-1");
    while (reader->next().value()) {
    }
    ASSERT_TRUE(reader->footer());
    EXPECT_EQ(reader->footer()->ended, "end");
    EXPECT_EQ(reader->footer()->t, 9);
    EXPECT_EQ(reader->footer()->events, 5U);
  }
}

TEST(EventLog, CutAtAnyByteReadsUpToItsLastWholeLine) {
  const std::string path = scratch("cut");
  write_sample(path, LogLevel::all);
  const std::string whole = read(path);
  const std::size_t header_end = whole.find('\n') + 1;
  for (std::size_t bytes = 0; bytes < whole.size(); ++bytes) {
    const std::string part = whole.substr(0, bytes);
    write(path, part);
    auto reader = LogReader::open(path);
    if (bytes < header_end) {
      ASSERT_FALSE(reader) << bytes;
      continue;
    }
    ASSERT_TRUE(reader) << bytes;
    std::size_t events = 0;
    for (;;) {
      auto event = reader->next();
      ASSERT_TRUE(event) << bytes << ": " << event.error().message;
      if (!*event) break;
      ++events;
    }
    const auto whole_lines = static_cast<std::size_t>(std::ranges::count(part, '\n'));
    ASSERT_EQ(events, whole_lines - 1) << bytes;
    ASSERT_EQ(reader->torn_bytes(), bytes - part.rfind('\n') - 1) << bytes;
    ASSERT_FALSE(reader->footer()) << bytes;
  }
}

TEST(EventLog, WhatIsNotALogIsRefusedWithAReason) {
  const std::string path = scratch("not_a_log");
  const auto why = [&](const std::string& text) {
    write(path, text);
    return LogReader::open(path).error().message;
  };
  EXPECT_NE(why("").find("first line is missing"), std::string::npos);
  EXPECT_NE(why("hello\n").find("is not a podramp log"), std::string::npos);
  EXPECT_NE(why("{\"a\":1}\n").find("line 1 is not a log header"), std::string::npos);
  EXPECT_NE(why("{\"podramp\":\"log\",\"schema\":99}\n").find("its schema is 99"), std::string::npos);
  EXPECT_NE(LogReader::open(scratch("missing/file")).error().message.find("cannot read"), std::string::npos);
}

TEST(EventLog, ALogThatCannotBeWrittenSaysSo) {
  EventLog log(LogLevel::all);
  EXPECT_NE(log.open(scratch("no/such/folder/x"), header()).error().message.find("cannot write"), std::string::npos);
  if (!std::filesystem::exists("/dev/full")) return;
  EventLog full(LogLevel::all);
  ASSERT_TRUE(full.open("/dev/full", header()));
  const auto closed = full.close("end", 0);
  ASSERT_FALSE(closed);
  EXPECT_NE(closed.error().message.find("No space left"), std::string::npos) << closed.error().message;
}

TEST(Fingerprint, DependsOnContentAndOrder) {
  Fingerprint ab;
  ab.add("a");
  ab.add("b");
  Fingerprint ba;
  ba.add("b");
  ba.add("a");
  Fingerprint joined;
  joined.add("ab");
  EXPECT_NE(ab.text(), ba.text());
  EXPECT_NE(ab.text(), joined.text());
  EXPECT_EQ(ab.text().size(), 16U);
}

}  // namespace
}  // namespace podramp::sim::event_log_test
