// Something large that is fetched when the reader comes near it, or prints the page.
import { useEffect, useRef, useState, type ReactNode } from "react";

export function Near({ height, children }: { height: number; children: ReactNode }) {
  const place = useRef<HTMLDivElement>(null);
  const [near, setNear] = useState(false);
  useEffect(() => {
    if (near || !place.current) return;
    const come = () => setNear(true);
    const watch = new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting)) come(); }, { rootMargin: "300px" });
    watch.observe(place.current);
    addEventListener("beforeprint", come);
    return () => {
      watch.disconnect();
      removeEventListener("beforeprint", come);
    };
  }, [near]);
  return <div ref={place} style={{ minHeight: height }}>{near && children}</div>;
}
