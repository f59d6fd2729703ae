"""The official Python SDK of another age (python3-azure-cosmos 3.1.1) against the embedded server, every kind of call once.

usage: python_smoke.py ENDPOINT KEY. Prints one line; exits with an exception where an answer is not the service's.
"""
import sys

from azure.cosmos import cosmos_client, documents, errors

kDatabase = "dbs/Smoke"
kContainer = "dbs/Smoke/colls/Items"


def refused(status, call, *arguments):
    try:
        call(*arguments)
    except errors.HTTPFailure as failure:
        assert failure.status_code == status, (failure.status_code, status, str(failure))
        return failure
    raise AssertionError(f"{call.__name__} was not refused with {status}")


def databases_and_containers(client):
    client.CreateDatabase({"id": "Smoke"})
    refused(409, client.CreateDatabase, {"id": "Smoke"})
    assert client.ReadDatabase(kDatabase)["id"] == "Smoke"
    assert "Smoke" in [each["id"] for each in client.ReadDatabases()]
    assert [each["id"] for each in client.QueryDatabases("SELECT * FROM root r WHERE r.id = 'Smoke'")] == ["Smoke"]
    definition = {"id": "Items", "partitionKey": {"paths": ["/pk"], "kind": "Hash", "version": 2}}
    made = client.CreateContainer(kDatabase, definition, {"offerThroughput": 500})
    assert made["id"] == "Items"
    assert [each["id"] for each in client.ReadContainers(kDatabase)] == ["Items"]
    replaced = client.ReplaceContainer(kContainer, dict(definition, defaultTtl=-1))
    assert replaced["defaultTtl"] == -1
    assert client.ReadContainer(kContainer)["defaultTtl"] == -1
    refused(404, client.ReadContainer, kDatabase + "/colls/Other")
    offers = [offer for offer in client.ReadOffers() if offer["resource"] == made["_self"]]
    assert [offer["content"]["offerThroughput"] for offer in offers] == [500]
    offers[0]["content"]["offerThroughput"] = 600
    assert client.ReplaceOffer(offers[0]["_self"], offers[0])["content"]["offerThroughput"] == 600
    assert client.ReadOffer(offers[0]["_self"])["content"]["offerThroughput"] == 600


def items(client):
    for number in range(25):
        client.CreateItem(kContainer, {"id": f"ü{number}", "pk": "ä" if number % 2 else "b", "n": number})
    refused(409, client.CreateItem, kContainer, {"id": "ü1", "pk": "ä"})
    one = kContainer + "/docs/ü1"
    key = {"partitionKey": "ä"}
    read = client.ReadItem(one, key)
    assert read["n"] == 1
    refused(404, client.ReadItem, kContainer + "/docs/none", key)
    read["n"] = 100
    replaced = client.ReplaceItem(one, read)
    assert replaced["n"] == 100 and replaced["_etag"] != read["_etag"]
    stale = {"partitionKey": "ä", "accessCondition": {"type": "IfMatch", "condition": read["_etag"]}}
    refused(412, client.ReplaceItem, one, read, stale)
    upserted = client.UpsertItem(kContainer, {"id": "ü1", "pk": "ä", "n": 7})
    assert upserted["n"] == 7 and upserted["_rid"] == read["_rid"]
    assert client.ReadItem(upserted["_self"], key)["n"] == 7, "addressed by rids"
    found = client.QueryItems(kContainer, "SELECT * FROM c WHERE c.id = 'ü1'", {"enableCrossPartitionQuery": True})
    assert [each["n"] for each in found] == [7]
    in_pages = client.QueryItems(kContainer, "SELECT * FROM c", {"partitionKey": "b", "maxItemCount": 4})
    assert len(list(in_pages)) == 13
    assert len(list(client.ReadItems(kContainer, {"maxItemCount": 10}))) == 25
    client.DeleteItem(one, key)
    refused(404, client.DeleteItem, one, key)


def change_feed(client):
    came = []
    for partition_range in client._ReadPartitionKeyRanges(kContainer):
        options = {"partitionKeyRangeId": partition_range["id"], "isStartFromBeginning": True, "maxItemCount": 5}
        came += [each["id"] for each in client.QueryItemsChangeFeed(kContainer, options)]
    assert len(came) == len(set(came)) == 24, came


def scripts(client):
    body = {"body": "function () {}"}
    trigger = {"triggerType": documents.TriggerType.Pre, "triggerOperation": documents.TriggerOperation.All}
    kinds = [
        ("sprocs", "StoredProcedure", body),
        ("udfs", "UserDefinedFunction", body),
        ("triggers", "Trigger", dict(body, **trigger)),
    ]
    for keyword, name, definition in kinds:
        link = f"{kContainer}/{keyword}/s"
        getattr(client, f"Create{name}")(kContainer, dict(definition, id="s"))
        assert getattr(client, f"Read{name}")(link)["body"] == "function () {}"
        getattr(client, f"Replace{name}")(link, dict(definition, id="s", body="function () { return 1; }"))
        assert [each["id"] for each in getattr(client, f"Read{name}s")(kContainer)] == ["s"]
        getattr(client, f"Delete{name}")(link)
        refused(404, getattr(client, f"Read{name}"), link)


def users_and_permissions(client, endpoint):
    client.CreateUser(kDatabase, {"id": "u"})
    assert [each["id"] for each in client.ReadUsers(kDatabase)] == ["u"]
    user = kDatabase + "/users/u"
    assert client.ReplaceUser(user, {"id": "u"})["id"] == client.ReadUser(user)["id"] == "u"
    container = client.ReadContainer(kContainer)
    permission = {"id": "p", "permissionMode": documents.PermissionMode.Read, "resource": container["_self"]}
    made = client.CreatePermission(user, permission)
    assert client.ReadPermission(user + "/permissions/p")["_token"].startswith("type=resource&")
    assert [each["id"] for each in client.ReadPermissions(user)] == ["p"]
    tokens = {"resourceTokens": {container["id"]: made["_token"], container["_rid"]: made["_token"]}}
    reader = cosmos_client.CosmosClient(endpoint, tokens)
    assert reader.ReadItem(kContainer + "/docs/ü2", {"partitionKey": "b"})["n"] == 2
    refused(403, reader.DeleteItem, kContainer + "/docs/ü2", {"partitionKey": "b"})
    client.DeletePermission(user + "/permissions/p")
    refused(403, reader.ReadItem, kContainer + "/docs/ü2", {"partitionKey": "b"})
    client.DeleteUser(user)


def main():
    endpoint, key = sys.argv[1:]
    client = cosmos_client.CosmosClient(endpoint, {"masterKey": key})
    assert client.GetDatabaseAccount().ConsistencyPolicy["defaultConsistencyLevel"] == "Session"
    databases_and_containers(client)
    items(client)
    change_feed(client)
    scripts(client)
    users_and_permissions(client, endpoint)
    client.DeleteContainer(kContainer)
    client.DeleteDatabase(kDatabase)
    refused(404, client.ReadDatabase, kDatabase)
    refused(401, cosmos_client.CosmosClient(endpoint, {"masterKey": "AAAA"}).ReadDatabase, kDatabase)
    print("the Python SDK is content")


main()
