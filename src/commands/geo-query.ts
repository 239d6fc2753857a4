/** Reading what a search for places asks for: GEOSEARCH's grammar and that of GEORADIUS. */
import type { Args } from '../protocol/args.ts';
import type { Cell } from '../values/cell.ts';
import { GeoArea } from '../values/geo-area.ts';
import { latitudeOf, longitudeOf } from '../values/geo-cell.ts';
import type { SortedSets } from '../values/sorted-set.ts';
import { CommandError, SYNTAX_ERROR } from './errors.ts';
import { doubleAt, placeAt, placeOf, unitAt } from './geo-access.ts';
import { integerAt } from './options.ts';

const NO_PLACE = new CommandError('ERR could not decode requested zset member');
const NO_RADIUS = new CommandError('ERR need numeric radius');
const BAD_RADIUS = new CommandError('ERR radius cannot be negative');
const NO_WIDTH = new CommandError('ERR need numeric width');
const NO_HEIGHT = new CommandError('ERR need numeric height');
const BAD_SIDE = new CommandError('ERR height or width cannot be negative');
const BAD_COUNT = new CommandError('ERR COUNT must be > 0');
const ANY_WITHOUT_COUNT = new CommandError('ERR the ANY argument requires COUNT argument');

/** Which command's options are read. */
export type GeoGrammar = 'radius' | 'radius to read' | 'search' | 'search to store';

/** What a call asks for; one is filled again and again. */
export class GeoQuery {
  readonly area: GeoArea = new GeoArea();
  withDistance = false;
  withScore = false;
  withPlace = false;
  /** Ascending 1, descending -1, as they are found 0. */
  direction = 0;
  /** 0 for all. */
  count = 0;
  /** Whether any will do, as long as they are so many. */
  takesAny = false;
  /** The argument that is the key to store in; 0 for none. */
  target = 0;
  storesDistance = false;
  #hasCenter: '' | 'member' | 'place' = '';
  #hasShape: '' | 'circle' | 'box' = '';

  /** Starts anew. */
  reset(): void {
    this.withDistance = false;
    this.withScore = false;
    this.withPlace = false;
    this.direction = 0;
    this.count = 0;
    this.takesAny = false;
    this.target = 0;
    this.storesDistance = false;
    this.#hasCenter = '';
    this.#hasShape = '';
  }

  /** Takes arguments `i` and `i + 1` for the center. */
  readCenter(args: Args, i: number): void {
    placeAt(args, i, this.area);
  }

  /** Takes the place of argument `i`, a member. */
  readMember(sortedSets: SortedSets, cell: Cell, args: Args, i: number): void {
    const place = placeOf(sortedSets, cell, args, i);
    if (place === null) throw NO_PLACE;
    this.area.longitude = longitudeOf(place);
    this.area.latitude = latitudeOf(place);
  }

  /** Takes arguments `i` and `i + 1` for the radius of a circle and its unit. */
  readCircle(args: Args, i: number): void {
    const { area } = this;
    const radius = doubleAt(args, i, NO_RADIUS);
    if (radius < 0) throw BAD_RADIUS;
    area.unitMeters = unitAt(args, i + 1);
    area.radius = radius;
    area.isBox = false;
  }

  /**
   * Takes the options from argument `first` on. `cell` has the members, or is null where there are
   * none: then any will do.
   */
  readOptions(
    sortedSets: SortedSets,
    cell: Cell | null,
    args: Args,
    first: number,
    grammar: GeoGrammar,
  ): void {
    const searches = grammar === 'search' || grammar === 'search to store';
    for (let i = first; i < args.count; ) {
      let taken = this.#readCommon(args, i);
      if (taken === 0 && searches) taken = this.#readSearch(sortedSets, cell, args, i, grammar);
      if (taken === 0 && grammar === 'radius') taken = this.#readTarget(args, i);
      if (taken === 0) throw SYNTAX_ERROR;
      i += taken;
    }
    this.#requireSense(args, searches, grammar === 'search to store');
  }

  /** Parts of a place's answer beside its member. */
  partCount(): number {
    return Number(this.withDistance) + Number(this.withScore) + Number(this.withPlace);
  }

  /** Reads an option that all commands have; how many arguments that were, 0 for none. */
  #readCommon(args: Args, i: number): number {
    if (args.is(i, 'WITHDIST')) this.withDistance = true;
    else if (args.is(i, 'WITHHASH')) this.withScore = true;
    else if (args.is(i, 'WITHCOORD')) this.withPlace = true;
    else if (args.is(i, 'ANY')) this.takesAny = true;
    else if (args.is(i, 'ASC')) this.direction = 1;
    else if (args.is(i, 'DESC')) this.direction = -1;
    else if (args.is(i, 'COUNT') && i + 1 < args.count) {
      this.count = integerAt(args, i + 1);
      if (this.count <= 0) throw BAD_COUNT;
      return 2;
    } else return 0;
    return 1;
  }

  /** Of GEORADIUS: the last key to store in counts. */
  #readTarget(args: Args, i: number): number {
    const storesDistance = args.is(i, 'STOREDIST');
    if (!(storesDistance || args.is(i, 'STORE')) || i + 1 === args.count) return 0;
    this.target = i + 1;
    this.storesDistance = storesDistance;
    return 2;
  }

  /** Of GEOSEARCH: center and shape. */
  #readSearch(
    sortedSets: SortedSets,
    cell: Cell | null,
    args: Args,
    i: number,
    grammar: GeoGrammar,
  ): number {
    const left = args.count - 1 - i;
    if (grammar === 'search to store' && args.is(i, 'STOREDIST')) {
      this.storesDistance = true;
      return 1;
    }
    if (args.is(i, 'FROMMEMBER') && left >= 1 && this.#hasCenter !== 'place') {
      if (cell !== null) this.readMember(sortedSets, cell, args, i + 1);
      this.#hasCenter = 'member';
      return 2;
    }
    if (args.is(i, 'FROMLONLAT') && left >= 2 && this.#hasCenter !== 'member') {
      this.readCenter(args, i + 1);
      this.#hasCenter = 'place';
      return 3;
    }
    if (args.is(i, 'BYRADIUS') && left >= 2 && this.#hasShape !== 'box') {
      this.readCircle(args, i + 1);
      this.#hasShape = 'circle';
      return 3;
    }
    if (args.is(i, 'BYBOX') && left >= 3 && this.#hasShape !== 'circle') {
      this.#readBox(args, i + 1);
      this.#hasShape = 'box';
      return 4;
    }
    return 0;
  }

  #readBox(args: Args, i: number): void {
    const { area } = this;
    area.width = doubleAt(args, i, NO_WIDTH);
    area.height = doubleAt(args, i + 1, NO_HEIGHT);
    if (area.width < 0 || area.height < 0) throw BAD_SIDE;
    area.unitMeters = unitAt(args, i + 2);
    area.isBox = true;
  }

  #requireSense(args: Args, searches: boolean, stores: boolean): void {
    if ((this.target > 0 || stores) && this.partCount() > 0) {
      const what = stores ? 'GEOSEARCHSTORE' : 'STORE option in GEORADIUS';
      throw new CommandError(
        `ERR ${what} is not compatible with WITHDIST, WITHHASH and WITHCOORD options`,
      );
    }
    if (searches && this.#hasCenter === '') {
      throw new CommandError(
        `ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for ${args.text(0)}`,
      );
    }
    if (searches && this.#hasShape === '') {
      throw new CommandError(
        `ERR exactly one of BYRADIUS and BYBOX can be specified for ${args.text(0)}`,
      );
    }
    if (this.takesAny && this.count === 0) throw ANY_WITHOUT_COUNT;
  }
}
