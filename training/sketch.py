"""A plot as a picture of its own, for notebooks: the report's marks with their colours written beside them."""

from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from training.plots import Plot

COLOURS = {"model": "#3450d2", "base": "#8a8d96", "rival-0": "#8a3fa8", "rival-1": "#b26a00", "rival-2": "#2f7f45"}
PICTURES = Environment(
    loader=PackageLoader("training"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


@dataclass(frozen=True)
class Sketch:
    """A notebook shows it as a picture."""

    plot: Plot

    def _repr_svg_(self) -> str:
        return PICTURES.get_template("sketch.svg.j2").render(plot=self.plot, colours=COLOURS)

    def __repr__(self) -> str:
        return self.plot.about
