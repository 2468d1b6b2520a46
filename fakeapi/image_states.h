// Which nodes have which image, as the scheduler sees it for ImageLocality (K50): a node's status says so up to ten
// seconds after a pull. Reports are looked at when somebody asks, so they cost no events.
#pragma once

#include <cstdint>
#include <map>
#include <queue>
#include <string>
#include <unordered_map>
#include <vector>

#include "fakeapi/context.h"

namespace podramp::fakeapi {

class ImageStates {
 public:
  using NodeIndex = std::uint32_t;
  explicit ImageStates(Context& context);

  void node_added(NodeIndex node, const std::vector<std::string>& images);
  void node_gone(NodeIndex node);
  // The image is on the node now; its status will say so.
  void pulled(NodeIndex node, const std::string& name, const std::string& image) { changed(node, name, image, true); }
  // Likewise it is there no more.
  void removed(NodeIndex node, const std::string& name, const std::string& image) { changed(node, name, image, false); }

  // Could any node score for such a pod? Takes over what nodes have reported until now.
  bool matter_to(const SharedTemplate& tmpl);
  // 0 to 100 for each of the nodes, of so many in all.
  std::vector<std::int64_t> score(const SharedTemplate& tmpl, const std::vector<NodeIndex>& nodes, std::size_t all);

 private:
  struct Image {
    std::int64_t bytes = 0;
    std::int64_t nodes = 0;
    std::vector<bool> on;  // by node
  };
  struct Report {
    TimeUs at = 0;
    std::uint64_t order = 0;
    NodeIndex node = 0;
    std::uint32_t round = 0;
    std::size_t image = 0;
    bool present = true;
    bool operator>(const Report& o) const { return at != o.at ? at > o.at : order > o.order; }
  };
  const std::vector<std::size_t>& images_of(const SharedTemplate& tmpl);
  void changed(NodeIndex node, const std::string& name, const std::string& image, bool present);
  void put(NodeIndex node, std::size_t image);
  void take_out(NodeIndex node, std::size_t image);
  void take_reports();

  Context& context_;
  std::vector<Image> images_;
  std::map<std::string, std::size_t> by_name_;  // those whose size is known
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> of_template_;
  std::priority_queue<Report, std::vector<Report>, std::greater<>> reports_;
  std::vector<std::uint32_t> rounds_;  // by node: how often it has gone
  std::uint64_t orders_ = 0;
};

}  // namespace podramp::fakeapi
