// A hue (degrees of OKLCH) for each slot. What leaves is warm, what arrives is cool; words in one sentence should differ.
const HUES = {
  origin: 45, departure_date: 80, departure_time: 105,
  destination: 250, arrival_date: 280, arrival_time: 305,
  via: 175, return_date: 350, return_time: 20,
  date: 145, time: 195, people: 330, location: 225, price: 125,
  check_in_date: 80, check_out_date: 350, nights: 175, rooms: 300, star_rating: 105,
  pickup_location: 45, pickup_date: 80, pickup_time: 105, dropoff_location: 250, dropoff_date: 280, dropoff_time: 305,
  travel_class: 205, carrier: 20, trip_number: 305, stops: 155, bags: 125,
  hotel_name: 20, restaurant_name: 20, venue_name: 20, event_name: 45, movie_name: 45, event_type: 280, cuisine: 250, car_type: 175,
  first_name: 300, last_name: 320,
};

// Of a label that another model brings: from its letters, always the same.
export const hue = (label) => HUES[label] ?? [...label].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 7);
