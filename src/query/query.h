// A query of Cosmos SQL, parsed and ready to be run or planned. docs/sql.md has the language.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "query/paths.h"
#include "query/syntax.h"

namespace halley::query {

// Cheap to copy; immutable and safe from any thread.
class Query {
 public:
  // Names with their @, values as JSON.
  using ParameterList = std::vector<std::pair<std::string, std::string>>;

  // Fails with invalid_argument for what is not the language, naming line and column, for parameters that are not JSON,
  // for names that stand for nothing, and for what is not offered: user-defined, spatial, full-text, vector functions.
  static Result<Query> parse(std::string_view text, const ParameterList& parameters = {});

  const std::string& text() const { return *tree_->text; }
  const Select& select() const { return tree_->select; }
  const PathTree& paths() const { return tree_->paths; }
  // How many values the aliases of FROM stand for.
  std::size_t alias_count() const { return tree_->aliases; }

  // Whether rows are made of documents at all: a query without FROM has one row.
  bool reads_documents() const { return !select().sources.empty(); }
  // Whether the text of a document is its row: SELECT * or SELECT VALUE c without any condition.
  bool copies_documents() const { return tree_->copies_documents; }
  bool ordered() const { return !select().order_by.empty(); }
  bool grouped() const { return select().grouped(); }

  // The query in FROM whose rows are the documents of this one, because it can't be answered for each document alone;
  // nothing when the container's are.
  std::optional<Query> inner() const;

  // The value that the property at `path` must have in every row, when the conditions say so by equality: JSON.
  std::optional<std::string> pinned(const std::vector<std::string>& path) const;

 private:
  struct Tree {
    std::shared_ptr<const std::string> text;
    std::shared_ptr<Arena> arena;  // of what literals hold
    Select select;
    PathTree paths;
    std::size_t aliases = 0;
    bool copies_documents = false;
    std::shared_ptr<const Tree> inner;
  };
  explicit Query(std::shared_ptr<const Tree> tree) : tree_(std::move(tree)) {}
  static Result<std::shared_ptr<const Tree>> build(std::shared_ptr<const std::string> text,
                                                   std::shared_ptr<Arena> arena, Select select);

  std::shared_ptr<const Tree> tree_;
};

}  // namespace halley::query
