#include "query/syntax.h"

#include <algorithm>

namespace halley::query {

bool has_aggregate(const Expression& expression) {
  return expression.kind == ExpressionKind::aggregate ||
         std::any_of(expression.children.begin(), expression.children.end(), has_aggregate);
}

}  // namespace halley::query
