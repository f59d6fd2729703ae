#include "store/memory_store.h"

#include <map>
#include <mutex>

namespace halley::store {
namespace {

class MemoryStore : public ObjectStore {
 public:
  Status put(std::string_view name, std::string_view bytes) override {
    TRY(check_name(name));
    const std::lock_guard lock(mutex_);
    if (!objects_.try_emplace(std::string(name), bytes).second) {
      return fail(Code::already_exists, "`" + std::string(name) + "` exists already");
    }
    return {};
  }

  Result<std::string> get(std::string_view name, std::uint64_t offset, std::uint64_t size) override {
    const std::lock_guard lock(mutex_);
    ASSIGN(const std::string* const object, find(name));
    return offset < object->size() ? object->substr(offset, size) : std::string();
  }

  Result<std::uint64_t> size(std::string_view name) override {
    const std::lock_guard lock(mutex_);
    ASSIGN(const std::string* const object, find(name));
    return object->size();
  }

  Result<std::vector<std::string>> list(std::string_view prefix, std::string_view after, std::size_t limit) override {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> names;
    auto at = after < prefix ? objects_.lower_bound(prefix) : objects_.upper_bound(after);
    for (; at != objects_.end() && names.size() < limit && at->first.starts_with(prefix); ++at) {
      names.push_back(at->first);
    }
    return names;
  }

  Status remove(std::string_view name) override {
    TRY(check_name(name));
    const std::lock_guard lock(mutex_);
    if (const auto at = objects_.find(name); at != objects_.end()) objects_.erase(at);
    return {};
  }

  std::string description() const override { return "memory"; }

 private:
  Result<const std::string*> find(std::string_view name) const {
    TRY(check_name(name));
    const auto at = objects_.find(name);
    if (at == objects_.end()) return fail(Code::not_found, "there is no object `" + std::string(name) + "`");
    return &at->second;
  }

  std::mutex mutex_;
  std::map<std::string, std::string, std::less<>> objects_;
};

}  // namespace

std::unique_ptr<ObjectStore> make_memory_store() { return std::make_unique<MemoryStore>(); }

}  // namespace halley::store
