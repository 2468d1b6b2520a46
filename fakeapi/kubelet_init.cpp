// The kubelets' init containers, as far as they take time: what they fetch (init_downloads.h), one after the other,
// before the main containers start (K66). The rest: kubelet.cpp.
#include "fakeapi/init_downloads.h"
#include "fakeapi/kubelet.h"

namespace podramp::fakeapi {

void Kubelets::set_downloads(InitDownloads& downloads) {
  downloads_ = &downloads;
  downloads.set_listener([this](PodId pod, bool ok, Seq cause) { downloaded(pod, ok, cause); });
}

// True: an init container fetches something first.
bool Kubelets::initializes(PodId id, Work& work, Seq cause) {
  if (downloads_ == nullptr) return false;
  const TemplatePtr tmpl = context_.state().find_pod(id)->pod->tmpl;
  for (; work.inits_done < tmpl->init_containers.size(); ++work.inits_done) {
    const InitDownloadSpec* spec = downloads_->of(tmpl->init_containers[work.inits_done].name);
    if (spec == nullptr) continue;
    work.stage = Stage::initializing;
    show_waiting(id, "PodInitializing", "", cause);
    downloads_->start(id, work.node, *spec, cause);
    return true;
  }
  return false;
}

void Kubelets::downloaded(PodId id, bool ok, Seq cause) {
  Work* work = find(id);
  if (work == nullptr || work->stage != Stage::initializing || silent(*work)) return;  // resume() starts again
  if (!ok) return create(id, *work, cause);
  ++work->inits_done;
  work->stage = Stage::creating;
  started(id, *work, cause);
}

void Kubelets::stop_fetching(PodId id, Seq cause) {
  if (downloads_ != nullptr) downloads_->cancel(id, cause);
}

}  // namespace podramp::fakeapi
