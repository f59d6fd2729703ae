// The demonstration's server-side scripts. They run inside Cosmos DB, never here: what counts is that they come back.
const bodyOf = (script) => script.toString();

function importCards(cards) {
  const context = getContext();
  const collection = context.getCollection();
  let stored = 0;
  const next = () => {
    if (stored === cards.length) return context.getResponse().setBody(stored);
    const accepted = collection.upsertDocument(collection.getSelfLink(), cards[stored], (error) => {
      if (error) throw error;
      ++stored;
      next();
    });
    if (!accepted) context.getResponse().setBody(stored);
  };
  next();
}

function renameSet(from, to) {
  const collection = getContext().getCollection();
  const query = { query: 'SELECT * FROM c WHERE c["set"] = @set', parameters: [{ name: '@set', value: from }] };
  collection.queryDocuments(collection.getSelfLink(), query, (error, cards) => {
    if (error) throw error;
    for (const card of cards) collection.replaceDocument(card._self, { ...card, setName: to });
    getContext().getResponse().setBody(cards.length);
  });
}

function stampPrice() {
  const request = getContext().getRequest();
  const card = request.getBody();
  if (card.price === undefined) card.price = null; // "unknown" is not "free"
  request.setBody(card);
}

function manaValue(cost) {
  const symbols = (cost ?? '').match(/\{[^}]+\}/g) ?? [];
  return symbols.reduce((sum, symbol) => sum + (Number(symbol.slice(1, -1)) || 1), 0);
}

export const sprocs = [
  { id: 'importCards', body: bodyOf(importCards) },
  { id: 'renameSet', body: bodyOf(renameSet) },
];
export const triggers = [
  { id: 'stampPrice', body: bodyOf(stampPrice), triggerType: 'Pre', triggerOperation: 'Create' },
];
export const udfs = [{ id: 'manaValue', body: bodyOf(manaValue) }];
