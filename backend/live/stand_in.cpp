#include "backend/live/stand_in.h"

#include <memory>
#include <utility>

namespace podramp::live {

ApiRequest StandIns::dressed(const ApiRequest& request) {
  ApiRequest out = request;
  const bool reads = request.verb == Verb::get || request.verb == Verb::list || request.verb == Verb::watch;
  if (dry_run_ && !reads) out.dry_run = true;
  if (request.verb != Verb::create) return out;
  if (request.body != nullptr) out.body = dressed(*request.body);
  if (request.manifest != nullptr) out.manifest = dressed(*request.manifest);
  return out;
}

PodPtr StandIns::dressed(const Pod& pod) {
  auto out = std::make_shared<Pod>(pod);
  for (const auto& [key, value] : labels()) out->own_labels[key] = value;
  TemplatePtr& tmpl = templates_[pod.tmpl->hash];
  if (tmpl == nullptr) {
    PodTemplate changed = *pod.tmpl;
    Container& spark = changed.containers.at(spark_container_index(changed));
    spark.image = stand_in_.image;
    spark.command = stand_in_.command;
    spark.args = stand_in_.args;
    spark.pre_stop_exec.clear();  // a script of Spark's image
    tmpl = share(std::move(changed));
  }
  out->tmpl = tmpl;
  return out;
}

ManifestPtr StandIns::dressed(const Manifest& object) {
  auto out = std::make_shared<Manifest>(object);
  for (const auto& [key, value] : labels()) out->labels[key] = value;
  if (out->set && out->set->pod != nullptr) out->set->pod = dressed(*out->set->pod);
  return out;
}

LabelSelector objects_of(const std::string& run) {
  LabelSelector selector = objects_of_any_run();
  selector.all.push_back({kRunLabel, SelectorOp::equals, {run}});
  return selector;
}

LabelSelector objects_of_any_run() {
  LabelSelector selector;
  selector.all.push_back({kManagedByLabel, SelectorOp::equals, {kManagedBy}});
  selector.all.push_back({kRunLabel, SelectorOp::exists, {}});
  return selector;
}

}  // namespace podramp::live
