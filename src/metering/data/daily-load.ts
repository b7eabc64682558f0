/**
 * Energy of a day by month and kind of day, in Wh, for a customer who uses 1,000,000 kWh a year.
 *
 * Sums over the 96 quarter-hours of the German standard load profiles of 2025, H25 (households) and G25 (commerce), published by BDEW
 * (Bundesverband der Energie- und Wasserwirtschaft) and carried by oemof/demandlib (MIT licence). Taken as they stand, without
 * the day-of-year factor (Dynamisierung) of German practice, because the places this serves have other seasons. We know of no open
 * table of Chinese use.
 */
export interface DailyLoadWh {
  saturday: number;
  sundayOrHoliday: number;
  workday: number;
}

/** Customers the table knows. */
export type LoadKind = 'household' | 'commerce';

/** Twelve rows each, January first. */
export const DAILY_LOAD_WH: Readonly<Record<LoadKind, readonly DailyLoadWh[]>> = {
  household: [
    { saturday: 2842961, sundayOrHoliday: 2903033, workday: 2476450 },
    { saturday: 2844567, sundayOrHoliday: 2944478, workday: 2448516 },
    { saturday: 2784877, sundayOrHoliday: 2866433, workday: 2398885 },
    { saturday: 2961768, sundayOrHoliday: 3047309, workday: 2554952 },
    { saturday: 3024437, sundayOrHoliday: 3087454, workday: 2632023 },
    { saturday: 3139621, sundayOrHoliday: 3216223, workday: 2773430 },
    { saturday: 3277933, sundayOrHoliday: 3361232, workday: 2915474 },
    { saturday: 3170155, sundayOrHoliday: 3254218, workday: 2820521 },
    { saturday: 3040361, sundayOrHoliday: 3190438, workday: 2656074 },
    { saturday: 2972852, sundayOrHoliday: 3127245, workday: 2633577 },
    { saturday: 2944428, sundayOrHoliday: 3042968, workday: 2541863 },
    { saturday: 2816414, sundayOrHoliday: 2936746, workday: 2536519 },
  ],
  commerce: [
    { saturday: 2138953, sundayOrHoliday: 1606713, workday: 3554476 },
    { saturday: 2109825, sundayOrHoliday: 1627338, workday: 3510431 },
    { saturday: 2062480, sundayOrHoliday: 1588284, workday: 3406751 },
    { saturday: 1957409, sundayOrHoliday: 1513385, workday: 3178702 },
    { saturday: 1864490, sundayOrHoliday: 1439740, workday: 3004823 },
    { saturday: 1867560, sundayOrHoliday: 1569091, workday: 2983980 },
    { saturday: 1859625, sundayOrHoliday: 1434583, workday: 2818939 },
    { saturday: 1865794, sundayOrHoliday: 1440782, workday: 2880367 },
    { saturday: 1844127, sundayOrHoliday: 1434353, workday: 2989369 },
    { saturday: 1945162, sundayOrHoliday: 1481594, workday: 3086210 },
    { saturday: 2087148, sundayOrHoliday: 1721967, workday: 3515913 },
    { saturday: 2187194, sundayOrHoliday: 1652092, workday: 3479094 },
  ],
};
