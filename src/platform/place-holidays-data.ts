/**
 * What is known of each place's public holidays beside the package `date-holidays`, and for which years that has been held against
 * what the place itself has published. Whoever prolongs `years` reads the new lists first and completes `published`.
 */
import type { LocalDate } from './local-date.js';

/** The holidays of one place. */
export interface PlaceHolidays {
  /** Country and state in the package; several are put together (a holiday in one of them is one for all). */
  readonly library: readonly (readonly [country: string, state: string])[];
  readonly timeZone: string;
  /** First and last year held against the published lists. */
  readonly years: { readonly from: number; readonly until: number };
  /** Entries that the package does not call public and that are holidays by the place's law. */
  readonly observances: readonly string[];
  /** Days off that the package does not know, by day. */
  readonly published: Readonly<Record<LocalDate, string>>;
}

const NOTHING_MORE = { observances: [], published: {} };
const LONDON = 'Europe/London';

/** Proclaimed on 4 February 2026 under the Banking and Financial Dealings Act 1971, s. 1(3), for Scotland. */
const SCOTLAND_PROCLAIMED = { '2026-06-15': 'World Cup bank holiday' };

/**
 * Uttar Pradesh moves with sun and moon, and the package knows only days of the civil calendar. These are the public holidays that the
 * state's General Administration Department announced on 17 December 2024 and 2 December 2025 (24 a year, as reported by the press). A
 * day that the moon decides counts with the day on either side of it, and Diwali of 2025 with the day that other lists name.
 */
const UTTAR_PRADESH_FESTIVALS: Readonly<Record<LocalDate, string>> = {
  '2025-01-14': "Hazrat Ali's birthday, Makar Sankranti",
  '2025-02-26': 'Maha Shivaratri',
  '2025-03-13': 'Holika Dahan',
  '2025-03-14': 'Holi',
  '2025-03-30': 'Eid-ul-Fitr, if the moon is seen early',
  '2025-03-31': 'Eid-ul-Fitr',
  '2025-04-01': 'Eid-ul-Fitr, if the moon is seen late',
  '2025-04-06': 'Ram Navami',
  '2025-04-10': 'Mahavir Jayanti',
  '2025-05-12': 'Buddha Purnima',
  '2025-06-06': 'Eid-ul-Adha, if the moon is seen early',
  '2025-06-07': 'Eid-ul-Adha',
  '2025-06-08': 'Eid-ul-Adha, if the moon is seen late',
  '2025-07-05': 'Muharram, if the moon is seen early',
  '2025-07-06': 'Muharram',
  '2025-07-07': 'Muharram, if the moon is seen late',
  '2025-08-09': 'Raksha Bandhan',
  '2025-08-16': 'Janmashtami',
  '2025-09-04': 'Eid-e-Milad, if the moon is seen early',
  '2025-09-05': 'Eid-e-Milad',
  '2025-09-06': 'Eid-e-Milad, if the moon is seen late',
  '2025-10-01': 'Maha Navami',
  '2025-10-20': 'Diwali',
  '2025-10-21': 'Diwali by other lists',
  '2025-10-22': 'Govardhan Puja',
  '2025-10-23': 'Bhai Dooj',
  '2025-11-05': 'Guru Nanak Jayanti',
  '2026-01-03': "Hazrat Ali's birthday",
  '2026-02-15': 'Maha Shivaratri',
  '2026-03-02': 'Holika Dahan',
  '2026-03-03': 'Holika Dahan by other lists',
  '2026-03-04': 'Holi',
  '2026-03-20': 'Eid-ul-Fitr, if the moon is seen early',
  '2026-03-21': 'Eid-ul-Fitr',
  '2026-03-22': 'Eid-ul-Fitr, if the moon is seen late',
  '2026-03-26': 'Ram Navami',
  '2026-03-27': 'Ram Navami by other lists',
  '2026-03-31': 'Mahavir Jayanti',
  '2026-05-01': 'Buddha Purnima',
  '2026-05-26': 'Eid-ul-Adha, if the moon is seen early',
  '2026-05-27': 'Eid-ul-Adha',
  '2026-05-28': 'Eid-ul-Adha, if the moon is seen late',
  '2026-06-25': 'Muharram, if the moon is seen early',
  '2026-06-26': 'Muharram',
  '2026-06-27': 'Muharram, if the moon is seen late',
  '2026-08-25': 'Eid-e-Milad, if the moon is seen early',
  '2026-08-26': 'Eid-e-Milad',
  '2026-08-27': 'Eid-e-Milad, if the moon is seen late',
  '2026-08-28': 'Raksha Bandhan',
  '2026-09-04': 'Janmashtami',
  '2026-10-20': 'Dussehra',
  '2026-11-08': 'Diwali',
  '2026-11-09': 'Govardhan Puja',
  '2026-11-11': 'Bhai Dooj',
  '2026-11-24': 'Guru Nanak Jayanti',
};

/** Every place but China, whose calendar comes from another package. */
export const PLACE_HOLIDAYS: Readonly<Record<string, PlaceHolidays>> = {
  /**
   * General Construction Law § 24. The package also has the Friday before a holiday on a Saturday (which § 24 has not) and Susan B.
   * Anthony Day (a day of commemoration only): both stay, a cut waits.
   */
  'US-NY': {
    library: [['US', 'NY']],
    timeZone: 'America/New_York',
    years: { from: 2025, until: 2027 },
    observances: [],
    published: { '2025-06-08': 'Flag Day', '2026-06-14': 'Flag Day', '2027-06-13': 'Flag Day' },
  },
  /** Government Code § 662.003 (a) and (b): the state holidays count although offices keep a skeleton crew. */
  'US-TX': {
    library: [['US', 'TX']],
    timeZone: 'America/Chicago',
    years: { from: 2025, until: 2027 },
    observances: [
      'Confederate Heroes Day',
      'Texas Independence Day',
      'San Jacinto Day',
      'Emancipation Day In Texas',
      'Lyndon Baines Johnson Day',
    ],
    published: {},
  },
  /** Banking and Financial Dealings Act 1971; lists of GOV.UK to 2027. */
  'GB-ENG': { library: [['GB', 'ENG']], timeZone: LONDON, years: { from: 2025, until: 2027 }, ...NOTHING_MORE },
  'GB-WLS': { library: [['GB', 'WLS']], timeZone: LONDON, years: { from: 2025, until: 2027 }, ...NOTHING_MORE },
  'GB-SCT': {
    library: [['GB', 'SCT']],
    timeZone: LONDON,
    years: { from: 2025, until: 2027 },
    observances: [],
    published: SCOTLAND_PROCLAIMED,
  },
  'GB-NIR': { library: [['GB', 'NIR']], timeZone: LONDON, years: { from: 2025, until: 2027 }, ...NOTHING_MORE },
  /** Somewhere in the United Kingdom: a holiday in one of the four nations is one. */
  GB: {
    library: [
      ['GB', 'ENG'],
      ['GB', 'WLS'],
      ['GB', 'SCT'],
      ['GB', 'NIR'],
    ],
    timeZone: LONDON,
    years: { from: 2025, until: 2027 },
    observances: [],
    published: SCOTLAND_PROCLAIMED,
  },
  /** Public Holidays Act 2010 with the order of February 2026 on Anzac Day. The Bank Holiday in August is one of banks alone. */
  'AU-NSW': {
    library: [['AU', 'NSW']],
    timeZone: 'Australia/Sydney',
    years: { from: 2025, until: 2027 },
    ...NOTHING_MORE,
  },
  /** Public Holidays Act 1993. Not beyond 2026: the day of the football final, and so the Friday before it, is set year by year. */
  'AU-VIC': {
    library: [['AU', 'VIC']],
    timeZone: 'Australia/Melbourne',
    years: { from: 2025, until: 2026 },
    ...NOTHING_MORE,
  },
  /** Not beyond 2026: the state announces a year's holidays in the December before. */
  'IN-UP': {
    library: [['IN', 'UP']],
    timeZone: 'Asia/Kolkata',
    years: { from: 2025, until: 2026 },
    observances: [],
    published: UTTAR_PRADESH_FESTIVALS,
  },
};
