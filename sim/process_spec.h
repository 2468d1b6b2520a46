// "processes" of a scenario: which containers `podramp serve --kubelet process` runs as processes on this machine, and
// as what. docs/serve.md, "Pods as processes".
#pragma once

#include <string>
#include <vector>

#include "backend/port/kube.h"

namespace podramp::sim {

struct ProcessSpec {
  std::string image;                      // of the container; '*' stands for anything
  std::vector<std::string> args{};        // with which its args have to begin
  std::vector<std::string> entrypoint{};  // what is run before its args when it has no command, as an image would have
  StringMap env{};                        // beside its own, which wins
  std::vector<std::string> pass_env{};    // of the server's own environment; PATH always is
  friend bool operator==(const ProcessSpec&, const ProcessSpec&) = default;
};

}  // namespace podramp::sim
