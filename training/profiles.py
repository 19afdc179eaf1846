"""What is known of accounts beside their metrics: segment, value, where their rep's clock hangs."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from service.kit.database import Session
from service.scoring import queries

SCHEMA = {"account": pl.Int64, "segment": pl.String, "value": pl.Float64, "time_zone": pl.String}


@dataclass(frozen=True)
class Profiles:
    """One row an account. An account that is not there has no segment, no value, and lives in UTC."""

    rows: pl.DataFrame

    @classmethod
    def read(cls, session: Session) -> "Profiles":
        return cls(pl.DataFrame(queries.account_profiles(session), schema=SCHEMA, orient="row"))

    def segments(self, account: NDArray[np.int64]) -> NDArray[np.str_]:
        """The segment of each of these accounts."""
        return self._of(account)["segment"].replace("", None).fill_null("without a segment").to_numpy().astype(str)

    def values(self, account: NDArray[np.int64]) -> NDArray[np.float64]:
        """The value of each; unknown counts as the average of all accounts, and as 1 where none is known."""
        average = self.rows["value"].mean()
        found: NDArray[np.float64] = (
            self._of(account)["value"].fill_null(1.0 if average is None else average).to_numpy()
        )
        return found

    def zones(self, account: NDArray[np.int64]) -> list[str]:
        """The time zone of the rep of each."""
        return self._of(account)["time_zone"].fill_null("UTC").to_list()

    @property
    def has_values(self) -> bool:
        """Whether the accounts differ in value, as far as is known."""
        return self.rows["value"].drop_nulls().n_unique() > 1

    def _of(self, account: NDArray[np.int64]) -> pl.DataFrame:
        return pl.DataFrame({"account": account}).join(self.rows, on="account", how="left", maintain_order="left")


NOTHING = Profiles(pl.DataFrame(schema=SCHEMA))
