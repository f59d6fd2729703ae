// Choices that the same seed makes again.
export class SeededRandom {
  // `stream` tells apart those who draw from one seed, so that none disturbs another's choices.
  constructor(seed, stream) {
    this.state = (Math.imul(seed, 2654435761) ^ Math.imul(stream + 1, 40503)) >>> 0;
  }
  // From 0 to 1, 1 not included.
  fraction() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }
  // A whole number, both bounds included.
  between(lowest, highest) {
    return lowest + Math.floor(this.fraction() * (highest - lowest + 1));
  }
  chance(probability) {
    return this.fraction() < probability;
  }
  pick(list) {
    return list[this.between(0, list.length - 1)];
  }
}
