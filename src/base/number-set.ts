// A set of many numbers: 8 bytes a place, where a Set keeps a boxed number and three words of its own for each.

/** Open addressing with steps of one; never more than 3/4 full. */
export class NumberSet {
  /** [places] the number + 1; 0: free. */
  private places = new Float64Array(1024);
  size = 0;

  /** Integers from 0 below 2^53. */
  has(value: number): boolean {
    return this.places[this.placeOf(value)] !== 0;
  }

  add(value: number): void {
    const place = this.placeOf(value);
    if (this.places[place] !== 0) return;
    this.places[place] = value + 1;
    this.size++;
    if (this.size * 4 > this.places.length * 3) this.grow();
  }

  /** Where the number is, or would be. */
  private placeOf(value: number): number {
    const { places } = this;
    const mask = places.length - 1;
    const mixed = Math.imul((value >>> 0) ^ Math.floor(value / 0x100000000), 0x9e3779b1);
    let at = (mixed ^ (mixed >>> 15)) & mask;
    while (places[at] !== 0 && places[at] !== value + 1) at = (at + 1) & mask;
    return at;
  }

  private grow(): void {
    const before = this.places;
    this.places = new Float64Array(2 * before.length);
    for (const place of before) if (place !== 0) this.places[this.placeOf(place - 1)] = place;
  }
}
