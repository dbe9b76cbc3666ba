# Lets schemathesis in: each operation is called with a living credential of the kind that the document names for it.
#
# Reads DAYPASS_URL, and DAYPASS_DEMO (what `daypass serve --demo --json` prints as `demo`), from the environment. What an operation
# ends (a sign-out, a regeneration) is made anew before the next call, so that the run goes on with good credentials.
import json
import os

import requests
import schemathesis

URL = os.environ["DAYPASS_URL"]
DEMO = json.loads(os.environ["DAYPASS_DEMO"])
CLIENT = (DEMO["native"]["client_id"], DEMO["native"]["client_secret"])
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
# What an operation ends where it succeeds.
ENDS = {
    "discovrSignOut": ["discovrRefreshToken", "discovrSession"],
    "pocketpawRegenerate": ["pocketpawSession"],
    "pocketpawRegenerateV1": ["pocketpawSession"],
    "antiraidDelete": ["antiraidToken"],
    "oauthEndSessions": ["oauthAccessToken"],
    "oauthEndSession": ["oauthAccessToken"],
    "oauthRevoke": ["oauthAccessToken"],
}

http = requests.Session()
# No proxy of the machine's stands between two programs on loopback.
http.trust_env = False


def call(method, path, **request):
    answer = http.request(method, URL + path, timeout=10, **request)
    answer.raise_for_status()
    return answer.json() if answer.headers["content-type"] == "application/json" else None


def approve(user_code):
    fields = {"user_code": user_code, "decision": "approve"}
    call("POST", "/device", data=fields, headers={"Origin": URL})


class Keys:
    """The secret for each security scheme, made when it is first needed."""

    def __init__(self):
        self.reserve = [DEMO["antiraid"]["login_token"]]
        self.kept = {"pocketpawMaster": DEMO["pocketpaw"]["master_token"]}

    def find(self, scheme):
        if scheme not in self.kept:
            self.kept[scheme] = getattr(self, scheme)()
        return self.kept[scheme]

    def bearing(self, scheme):
        return {"headers": {"Authorization": f"Bearer {self.find(scheme)}"}}

    def discovrRefreshToken(self):
        begun = call("POST", "/auth/device-codes", json={"clientID": "schemathesis"})
        approve(begun["userCode"])
        return call("POST", f"/auth/device-codes/{begun['deviceCode']}/poll")["refreshToken"]

    def discovrSession(self):
        identity = self.bearing("discovrRefreshToken")
        profile = call("GET", "/profiles", **identity)["profiles"][-1]["id"]
        return call("POST", "/auth/session-token", json={"profileId": profile}, **identity)["sessionToken"]

    def pocketpawSession(self):
        return call("POST", "/api/auth/session", **self.bearing("pocketpawMaster"))["session_token"]

    def antiraidToken(self):
        # The run ends sessions that it finds in the list, the login among them: each time there is one more in reserve.
        asked = {"name": "schemathesis", "type": "api", "expiry": 3600}
        for token in self.reserve:
            try:
                made = [call("POST", "/sessions", json=asked, headers={"Authorization": token})["token"] for _ in range(2)]
            except requests.HTTPError:
                continue
            self.reserve.append(made[0])
            return made[1]
        raise RuntimeError("every session in reserve was ended")

    def discoverKey(self):
        return DEMO["discover"]["api_key"]

    def discoverAccessToken(self):
        return self.minted()["accessToken"]

    def discoverRefreshToken(self):
        return self.minted()["refreshToken"]

    def minted(self):
        asked = {"scope": ["search-rec"]}
        return call("POST", "/account/1/access-token", json=asked, headers={"x-api-key": self.find("discoverKey")})

    def oauthAccessToken(self):
        begun = call("POST", "/oauth2/device_authorization", data={}, auth=CLIENT, headers=FORM)
        approve(begun["user_code"])
        asked = {"grant_type": DEVICE_CODE, "device_code": begun["device_code"]}
        return call("POST", "/oauth2/token", data=asked, auth=CLIENT)["access_token"]


FORM = {"Content-Type": "application/x-www-form-urlencoded"}
KEYS = Keys()


@schemathesis.auth(refresh_interval=None)
class Credential:
    """The header of the first security scheme of the operation."""

    def get(self, case, context):
        ways = context.operation.definition.raw["security"]
        scheme = next(iter(ways[0]), None) if ways else None
        if scheme is None:
            return None
        if scheme == "oauthClient":
            return requests.auth._basic_auth_str(*CLIENT), "Authorization"
        secret = KEYS.find(scheme)
        if scheme == "discoverKey":
            return secret, "x-api-key"
        return (secret if scheme == "antiraidToken" else f"Bearer {secret}"), "Authorization"

    def set(self, case, data, context):
        if data is not None:
            value, header = data
            case.headers[header] = value


@schemathesis.hook
def after_call(context, case, response):
    operation = case.operation.definition.raw["operationId"]
    if response.status_code >= 300:
        return
    for scheme in ENDS.get(operation, []):
        KEYS.kept.pop(scheme, None)
    if operation.startswith("pocketpawRegenerate"):
        KEYS.kept["pocketpawMaster"] = response.json()["token"]
