#include "testing/faulty_store.h"

namespace halley::testing {
namespace {

using store::ObjectStore;

class FaultyStore : public ObjectStore {
 public:
  FaultyStore(std::shared_ptr<ObjectStore> inner, std::shared_ptr<FaultPlan> plan)
      : inner_(std::move(inner)), plan_(std::move(plan)) {}

  Status put(std::string_view name, std::string_view bytes) override {
    return mutate("put", name, [&] { return inner_->put(name, bytes); });
  }
  Status remove(std::string_view name) override {
    return mutate("remove", name, [&] { return inner_->remove(name); });
  }
  Result<std::string> get(std::string_view name, std::uint64_t offset, std::uint64_t size) override {
    TRY(begin("get", name));
    return inner_->get(name, offset, size);
  }
  Result<std::uint64_t> size(std::string_view name) override {
    TRY(begin("size", name));
    return inner_->size(name);
  }
  Result<std::vector<std::string>> list(std::string_view prefix, std::string_view after, std::size_t limit) override {
    TRY(begin("list", prefix));
    return inner_->list(prefix, after, limit);
  }
  std::string description() const override { return "faulty " + inner_->description(); }

 private:
  Status begin(std::string_view call, std::string_view name) const {
    if (plan_->before) plan_->before(call, name);
    if (plan_->crashed) return fail(Code::unavailable, "this process has crashed");
    return {};
  }

  template <typename Action>
  Status mutate(std::string_view call, std::string_view name, const Action& action) {
    TRY(begin(call, name));
    if (++plan_->mutations != plan_->at || plan_->fault == Fault::none) return action();
    if (plan_->crash) plan_->crashed = true;
    switch (plan_->fault) {
      case Fault::no_space:
        return fail(Code::no_space, "no space (on purpose)");
      case Fault::torn:
        return fail(Code::io, "torn (on purpose)");
      case Fault::ambiguous: {
        const Status done = action();
        return fail(Code::ambiguous, "the answer was lost (on purpose)");
      }
      case Fault::refused:
      case Fault::none:
        break;
    }
    return fail(Code::unavailable, "refused (on purpose)");
  }

  const std::shared_ptr<ObjectStore> inner_;
  const std::shared_ptr<FaultPlan> plan_;
};

}  // namespace

std::unique_ptr<ObjectStore> make_faulty_store(std::shared_ptr<ObjectStore> inner, std::shared_ptr<FaultPlan> plan) {
  return std::make_unique<FaultyStore>(std::move(inner), std::move(plan));
}

std::unique_ptr<ObjectStore> share_store(std::shared_ptr<ObjectStore> inner) {
  return make_faulty_store(std::move(inner), std::make_shared<FaultPlan>());
}

}  // namespace halley::testing
