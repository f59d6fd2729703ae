// A store whose n-th mutation goes wrong, for tests that stop at each one.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string_view>

#include "store/object_store.h"

namespace halley::testing {

enum class Fault {
  none,
  refused,    // not done, answered `unavailable`
  no_space,   // not done, answered `no_space`
  torn,       // a crash half way: nothing is visible under the name, answered `io`
  ambiguous,  // done, answered `ambiguous`
};

// What goes wrong, and what has happened. Shared by the test and the store it gave away.
struct FaultPlan {
  std::uint64_t at = 0;  // which mutation (put or remove) fails, counted from 1; 0 = none
  Fault fault = Fault::none;
  // With the failing mutation the process "dies": every later call, reads too, answers `unavailable`.
  bool crash = false;
  // Called before every call; it may change the plan.
  std::function<void(std::string_view call, std::string_view name)> before;
  std::atomic<std::uint64_t> mutations{0};  // asked for so far, the failing one included
  std::atomic<bool> crashed{false};
};

// `inner` seen through `plan`. Both may be shared with other stores: a "restart" is another store over the same
// `inner`.
std::unique_ptr<store::ObjectStore> make_faulty_store(std::shared_ptr<store::ObjectStore> inner,
                                                      std::shared_ptr<FaultPlan> plan);

// `inner` as it is, for code that wants to own its store.
std::unique_ptr<store::ObjectStore> share_store(std::shared_ptr<store::ObjectStore> inner);

}  // namespace halley::testing
