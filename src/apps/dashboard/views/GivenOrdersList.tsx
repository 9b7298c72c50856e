import { session } from '../state/app';
import type { Standing } from '../state/givenOrders';
import { useValue } from '../state/useValue';

const BANNERS: Readonly<Record<Standing, string>> = {
  sent: 'banner-warning',
  pending: 'banner-warning',
  done: 'banner-good',
  failed: 'banner-bad',
};

/** What was ordered from this page and what came of it, above every view: until it holds nobody should take it for done. */
export const GivenOrdersList = () => {
  const orders = useValue(session.orders.all);
  return orders.length === 0 ? null : (
    <section aria-label="What you ordered">
      {orders.map(({ id, what, run, standing, text }) => (
        <div key={id} class={`banner ${BANNERS[standing]}`} data-standing={standing}>
          <span>
            <strong>
              {what}, {run === undefined ? 'every run' : <bdi>run {run}</bdi>}:
            </strong>{' '}
            {text}
          </span>
          <button type="button" onClick={() => session.orders.drop(id)} aria-label={`Dismiss: ${what}`}>
            Dismiss
          </button>
        </div>
      ))}
    </section>
  );
};
