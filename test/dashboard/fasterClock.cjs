// Loaded before the program (`node --require`): its clock goes FASTER_CLOCK times as fast, so that an hour of trading takes a minute. For pictures alone.
const begun = Date.now();
const now = Date.now.bind(Date);
const { FASTER_CLOCK = '1' } = process.env;
Date.now = () => begun + Math.round((now() - begun) * Number(FASTER_CLOCK));
