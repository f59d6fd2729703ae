// What a Repository and its LaneWriters are made of. Included only by their implementation and by check().
#pragma once

#include <memory>
#include <string>

#include "base/bytes.h"
#include "repo/key_ring.h"
#include "repo/lane_history.h"
#include "repo/repository.h"
#include "repo/segment_writer.h"

namespace halley::repo {

struct Repository::State {
  State(Runtime& the_runtime, std::unique_ptr<store::ObjectStore> the_store, KeyRing the_keys,
        RepositoryOptions the_options)
      : runtime(the_runtime),
        store(std::move(the_store)),
        keys(std::move(the_keys)),
        options(the_options),
        id(to_hex(keys.repository_id())) {}

  Runtime& runtime;
  const std::unique_ptr<store::ObjectStore> store;
  const KeyRing keys;
  const RepositoryOptions options;
  const std::string id;
};

struct LaneWriter::State {
  State(Repository::State& the_repository, LaneHistory the_history)
      : repository(the_repository),
        history(std::move(the_history)),
        segments(repository.runtime, repository.keys, history.state.identity, repository.options) {}

  Repository::State& repository;
  LaneHistory history;
  SegmentWriter segments;
};

}  // namespace halley::repo
