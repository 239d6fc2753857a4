/** Numbers as C's `%.<precision>g` prints them. */

/** The smallest exponent that is not written as one. */
const EXPONENT_MIN = -4;
/** As many digits behind the point as JavaScript gives. */
const EXACT_DIGITS = 100;

/** `value` with so many significant digits, without zeros behind the last. */
export function formatGeneral(value: number, precision: number): string {
  if (!Number.isFinite(value)) {
    if (Number.isNaN(value)) return '-nan';
    return value > 0 ? 'inf' : '-inf';
  }
  if (Number.isSafeInteger(value) && Math.abs(value) < 1e14 && !Object.is(value, -0)) {
    return String(value);
  }
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [mantissa, exponentText] = rounded(value, precision).split('e');
  const exponent = Number(exponentText);
  const sign = value < 0 ? '-' : '';
  const digits = mantissa!.replace(/[-.]/g, '').replace(/0+$/, '');
  if (exponent < EXPONENT_MIN || exponent >= precision) {
    const rest = digits.length > 1 ? `.${digits.slice(1)}` : '';
    const power = String(Math.abs(exponent)).padStart(2, '0');
    return `${sign}${digits[0]}${rest}e${exponent < 0 ? '-' : '+'}${power}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = digits.slice(exponent + 1);
  return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

/**
 * `value` with so many digits and an exponent. Half-way between two, C takes the even one, where
 * JavaScript takes the greater.
 */
function rounded(value: number, precision: number): string {
  const text = value.toExponential(precision - 1);
  if (value.toExponential(precision).split('e')[0]!.at(-1) !== '5') return text;
  const [exact, exponent] = value.toExponential(EXACT_DIGITS).split('e');
  const point = exact!.indexOf('.');
  // The digits that are kept end here, and `5000...` behind them is half-way.
  const end = point + precision;
  if (!/^50*$/.test(exact!.slice(end))) return text;
  const isEven = Number(exact![end - 1]) % 2 === 0;
  return isEven ? `${exact!.slice(0, end)}e${exponent}` : text;
}
