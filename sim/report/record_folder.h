// Folds into a RunRecord what a Projection does not keep: pods, nodes, quotas, answers, faults. Event by event, of a
// log that is read back or of a run that goes on.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/report/run_record.h"

namespace podramp::sim {

class RecordFolder {
 public:
  // The record must outlive it and name its applications in its header. pods: their lives are kept as well.
  explicit RecordFolder(RunRecord& record, bool pods = true);
  void append(const EventRef& event);

 private:
  void on(const EventRef& e, const in::Replied& data);
  void on(const EventRef& e, const fact::PodCreated& data);
  void on(const EventRef& e, const fact::PodBound& data);
  void on(const EventRef& e, const fact::PodRunning& data);
  void on(const EventRef& e, const fact::PodFinished& data);
  void on(const EventRef& e, const fact::PodGone& data);
  void on(const EventRef& e, const fact::NodeAdded& data);
  void on(const EventRef& e, const fact::NodeSilent& data);
  void on(const EventRef& e, const fact::NodeReturned& data);
  void on(const EventRef& e, const fact::NodeReadyChanged& data);
  void on(const EventRef& e, const fact::NodeGone& data);
  void on(const EventRef& e, const fact::QuotaSet& data);
  void on(const EventRef& e, const fact::QuotaCharged& data);
  void on(const EventRef& e, const fact::QuotaRecounted& data);
  void on(const EventRef& e, const fault::Fired& data);
  void on(const EventRef& e, const fault::WindowOpened& data);
  void on(const EventRef& e, const fault::WindowClosed& data);
  void on(const EventRef& e, const check::Failed& data);
  template <class T>
  void on(const EventRef&, const T&) {}

  PodLife* find_pod(const std::string& name);
  NodeLife* find_node(const std::string& name);
  static void close(std::vector<Span>& spans, TimeUs t);
  static void note(TimeUs t, std::map<std::string, Steps, std::less<>>& steps, const fact::Usage& usage);
  QuotaUse& quota(const std::string& name);

  RunRecord& record_;
  bool with_pods_;
  std::map<std::string, bool> is_application_;
  std::unordered_map<std::string, std::size_t> pods_;   // never iterated
  std::unordered_map<std::string, std::size_t> nodes_;  // never iterated
  std::map<std::string, std::size_t> quotas_;
  std::map<std::string, std::size_t> windows_;
};

}  // namespace podramp::sim
