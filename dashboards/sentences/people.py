"""What is said to whoever looks, and about one person looked at."""

from collections.abc import Mapping
from typing import Final

PAIRS: Final[Mapping[str, tuple[str, str]]] = {
    # Who looks
    "app.local": ("この端末だけ・ログインなし", "This machine only, no login"),
    "app.logout": ("ログアウト", "Log out"),
    "access.open_proxy": (
        "名前を渡すプロキシの設定で、外部に公開されています。",
        "People are named by a proxy, and the network reaches this server without it.",
    ),
    "access.open_proxy.why": (
        "プロキシを通らない人も、好きな名前を名乗れてしまいます。",
        "Whoever goes around the proxy could bear any name.",
    ),
    "access.open_proxy.cure": (
        "待ち受け先を `127.0.0.1` に戻し、プロキシを同じ端末で動かしてください。",
        "Let the server listen on `127.0.0.1` again, with the proxy on the same machine.",
    ),
    "access.two_doors": (
        "ログインの設定が二つあります。",
        "Two ways to log in are set up.",
    ),
    "access.two_doors.why": (
        "ログインとプロキシのどちらを信じるか、決められません。",
        "It cannot be told whether the login or the proxy is to be believed.",
    ),
    "access.two_doors.cure": (
        "`auth` か `server.trustedUserHeaders` の一方を消してください。",
        "Take out either `auth` or `server.trustedUserHeaders`.",
    ),
    "access.weak_secret": (
        "ログインの秘密鍵が短すぎます。",
        "The secret of the login is too short.",
    ),
    "access.weak_secret.why": (
        "短い鍵では、ログイン済みの印を偽造できます。",
        "With a short one, somebody else's login can be forged.",
    ),
    "access.weak_secret.cure": (
        "`cookie_secret` を32バイト以上の乱数にしてください: `openssl rand -hex 32`",
        "Make `cookie_secret` at least 32 random bytes: `openssl rand -hex 32`",
    ),
    "access.no_name": (
        "どなたか分かりません。",
        "It is not known who you are.",
    ),
    "access.no_name.why": (
        "ログインから、メールアドレスが届いていません。",
        "No e-mail address came with the login.",
    ),
    "access.no_name.cure": (
        "いつものログイン画面から開き直してください。",
        "Open the pages through your usual login.",
    ),
    "access.unverified": (
        "メールアドレスが確認されていません。",
        "Your e-mail address has not been verified.",
    ),
    "access.unverified.why": (
        "ログイン先が、この人のアドレスを確認していないと答えました。",
        "The login says that it has not checked whether this address is yours.",
    ),
    "access.unverified.cure": (
        "ログイン先でアドレスを確認してから、開き直してください。",
        "Verify the address there, then open the pages again.",
    ),
}
