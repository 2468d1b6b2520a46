#include "fakeapi/object_store.h"

#include <memory>
#include <string>

namespace podramp::fakeapi {

void ObjectStore::start() {
  claims_.start(last_object_);
  for (const ManifestPtr& object : context_.config().objects) create(*object, "apiserver", 0);
}

Seq ObjectStore::create(Manifest object, std::string_view by, Seq cause) {
  object.uid = object_uid_text(++last_object_);
  object.resource_version = context_.next_rv();
  object.created_us = whole_second(context_.now());
  object.deletion_us.reset();
  if (object.claim) {
    object.claim->phase = "Pending";
    object.claim->capacity_bytes = 0;
  }
  return context_.emit(by, cause, fact::ObjectCreated{std::make_shared<const Manifest>(std::move(object))});
}

Seq ObjectStore::change(Manifest next, std::string_view by, Seq cause) {
  next.resource_version = context_.next_rv();
  return context_.emit(by, cause, fact::ObjectChanged{std::make_shared<const Manifest>(std::move(next))});
}

Seq ObjectStore::remove(Kind kind, std::string_view full_name, std::string_view why, std::string_view by, Seq cause) {
  const ManifestPtr stored = context_.state().find_object(kind, full_name);
  if (stored == nullptr) return cause;
  if (kind == Kind::persistent_volume_claim && claims_.in_use(std::string(full_name))) {
    if (stored->deletion_us) return cause;
    Manifest next = *stored;
    next.deletion_us = whole_second(context_.now());
    return change(std::move(next), by, cause);
  }
  return context_.emit(by, cause, fact::ObjectGone{kind, std::string(full_name), context_.next_rv(), std::string(why)});
}

}  // namespace podramp::fakeapi
