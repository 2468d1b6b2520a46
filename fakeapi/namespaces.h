// The namespace controller, and the one that makes service accounts: a namespace that is deleted stays, Terminating,
// until everything in it is gone; a new one gets the service account "default". Only in clusters that have namespaces
// at all (config.h, objects): scenarios do without. Creating in one that is not there, or is going: api_server.cpp
// (K8).
#pragma once

#include <set>
#include <string>

#include "fakeapi/context.h"
#include "fakeapi/deletion.h"
#include "fakeapi/object_store.h"

namespace podramp::fakeapi {

class Namespaces {
 public:
  Namespaces(Context& context, ObjectStore& store, Deletion& deletion)
      : context_(context), store_(store), deletion_(deletion) {}

  // kubectl delete namespace: marks it, or removes it when it is empty.
  Seq remove(const std::string& name, Seq cause);

  void on_fact(const Fact& fact, Seq seq);
  void on_timer(Seq cause);

 private:
  void look_again(const std::string& name, Seq seq);
  bool is_empty(const std::string& name) const;
  void empty(const std::string& name, Seq cause);

  Context& context_;
  ObjectStore& store_;
  Deletion& deletion_;
  std::set<std::string> fresh_;    // to be given a service account
  std::set<std::string> going_;    // Terminating
  std::set<std::string> changed_;  // of these, those to look at when the timer is due
};

}  // namespace podramp::fakeapi
